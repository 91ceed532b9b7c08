((node)=>{})
